#!/bin/sh
# Run after the files of the package are there, the first time and at each upgrade.
# DPKG_ROOT is the file system that it is installed into, when that is not this one's.
set -e
root="${DPKG_ROOT:-}"
settings="$root/etc/nuxeo-frameio/connector.toml"

# Accounts of this file system may be kept in a directory as well; those of another one are in its file.
accounts() {
    if [ -z "$root" ] && command -v getent >/dev/null; then
        getent passwd nuxeo-frameio || :
    else
        cat "$root/etc/passwd"
    fi
}

# The account, and its number in that file system.
if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers ${root:+--root="$root"} nuxeo-frameio.conf
elif ! accounts | grep -q '^nuxeo-frameio:'; then
    useradd ${root:+--prefix "$root"} --system --user-group --home-dir /var/lib/nuxeo-frameio --no-create-home \
        --shell /usr/sbin/nologin nuxeo-frameio
fi
account=$(accounts | sed -n 's/^nuxeo-frameio:[^:]*:\([0-9]*\):\([0-9]*\):.*/\1:\2/p')
if [ -z "$account" ]; then
    echo "nuxeo-frameio: There is no account nuxeo-frameio, which the service runs as. Make it, then install again." >&2
    exit 1
fi

# Settings that are there stay as they are. They may hold secrets.
if [ ! -e "$settings" ]; then
    install -m 600 "$root/usr/share/nuxeo-frameio/connector.toml" "$settings"
    chown "$account" "$settings"
    echo "nuxeo-frameio: answer a few questions with \`nuxeo-frameio init --config /etc/nuxeo-frameio/connector.toml\`,"
    echo "then start it with \`systemctl enable --now nuxeo-frameio\`."
fi

# One that runs goes on as the new version.
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    systemctl try-restart nuxeo-frameio.service
fi

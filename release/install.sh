#!/bin/sh
# Put a built program with its manual pages, completion, example of the settings and unit below a prefix, or take them
# away again: install.sh install|uninstall PROGRAM DESTDIR PREFIX. `make install` and `make uninstall` call it.
set -eu
what=$1 program=$2 prefix=$4
to="$3$prefix"
here=$(dirname "$0")
share="$to/share"
unit="$to/lib/systemd/system/nuxeo-frameio.service"
accounts="$to/lib/sysusers.d/nuxeo-frameio.conf"
bash="$share/bash-completion/completions/nuxeo-frameio"
zsh="$share/zsh/site-functions/_nuxeo-frameio"
fish="$share/fish/vendor_completions.d/nuxeo-frameio.fish"

case "$what" in
install)
    mkdir -p "$to/bin" "$share/man/man1" "$share/man/man5" "$share/nuxeo-frameio" "$(dirname "$unit")" \
        "$(dirname "$accounts")" "$(dirname "$bash")" "$(dirname "$zsh")" "$(dirname "$fish")"
    install -m 755 "$program" "$to/bin/nuxeo-frameio"

    pages=$(mktemp -d)
    trap 'rm -rf "$pages"' EXIT
    "$program" manpages -o "$pages"
    for section in 1 5; do
        install -m 644 "$pages"/*."$section" "$share/man/man$section/"
    done
    "$program" completion bash >"$bash"
    "$program" completion zsh >"$zsh"
    "$program" completion fish >"$fish"
    "$program" config --example >"$share/nuxeo-frameio/connector.toml"
    replacement=$(printf '%s' "$prefix" | sed 's/[\\&|]/\\&/g') # these have a meaning to sed
    sed "s|^ExecStart=/usr/bin/|ExecStart=$replacement/bin/|" "$here/files/nuxeo-frameio.service" >"$unit"
    install -m 644 "$here/files/sysusers.conf" "$accounts"
    chmod 644 "$bash" "$zsh" "$fish" "$share/nuxeo-frameio/connector.toml" "$unit"
    [ -e "$3/etc/nuxeo-frameio/connector.toml" ] || cat <<END
To run it as a service, make its account and its file of settings, then answer a few questions:
  systemd-sysusers "$prefix/lib/sysusers.d/nuxeo-frameio.conf"
  install -D -m 600 -o nuxeo-frameio -g nuxeo-frameio "$prefix/share/nuxeo-frameio/connector.toml" \\
    /etc/nuxeo-frameio/connector.toml
  "$prefix/bin/nuxeo-frameio" init --config /etc/nuxeo-frameio/connector.toml
END
    ;;
uninstall)
    rm -f "$to/bin/nuxeo-frameio" "$share"/man/man1/nuxeo-frameio.1 "$share"/man/man1/nuxeo-frameio-*.1 \
        "$share/man/man5/nuxeo-frameio.toml.5" "$bash" "$zsh" "$fish" "$unit" "$accounts" \
        "$share/nuxeo-frameio/connector.toml"
    [ ! -d "$share/nuxeo-frameio" ] || rmdir "$share/nuxeo-frameio"
    ;;
*)
    echo "install.sh install|uninstall PROGRAM DESTDIR PREFIX" >&2
    exit 2
    ;;
esac

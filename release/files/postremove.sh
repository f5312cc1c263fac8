#!/bin/sh
# Run after the files of the package have gone. `purge` takes the settings too. The data in /var/lib/nuxeo-frameio stays,
# and the account that it belongs to.
set -e
root="${DPKG_ROOT:-}"
if [ "${1:-}" = purge ]; then
    rm -f "$root/etc/nuxeo-frameio/connector.toml"
    [ ! -d "$root/etc/nuxeo-frameio" ] || rmdir --ignore-fail-on-non-empty "$root/etc/nuxeo-frameio"
fi
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi

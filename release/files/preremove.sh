#!/bin/sh
# Run before the files of the package go: with "remove" or 0 when it is removed, else when it is upgraded.
set -e
case "${1:-}" in
remove | 0)
    if [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
        systemctl --no-reload disable --now nuxeo-frameio.service
    fi
    ;;
esac

#!/usr/bin/env bash
# What healthcheck.sh --connect of MariaDB's image asks: whether the server greets at its port. Other checks are not known.
[[ "$*" == --connect ]] || exit 2
exec 3<>"/dev/tcp/$LOCAL_ADDRESS/3306" || exit 1
read -r -t 3 -n 1 <&3

#!/bin/sh
# Lays out in $1 the broker, its clients and what they need of the system; in /mosquitto the folders of the broker.
set -eu
root=$1 here=$(dirname "$0")
"$here/layout.sh" "$root" mosquitto 1883
cp /usr/sbin/mosquitto "$root/usr/sbin/"
for client in passwd pub rr sub; do cp "/usr/bin/mosquitto_$client" "$root/usr/bin/"; done
"$here/libraries.sh" "$root"
mkdir -p /mosquitto/config /mosquitto/data /mosquitto/log
# As in the official image: until a configuration is mounted nobody but this host can connect.
printf 'persistence true\npersistence_location /mosquitto/data/\nlog_dest stdout\n' >/mosquitto/config/mosquitto.conf

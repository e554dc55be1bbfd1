#!/bin/sh
# Compiles our packages in $1 and says that they are of the distribution edge-stack, version $2.
set -eu
info=$1/edge_stack-$2.dist-info
mkdir "$info"
printf 'Metadata-Version: 2.4\nName: edge-stack\nVersion: %s\nLicense-Expression: Apache-2.0\n' "$2" >"$info/METADATA"
"$(dirname "$0")/compile.sh" "$1" /usr/lib/python3/dist-packages

#!/bin/sh
# Compiles the Python files in $1, which will be in $2. Their byte code is never compared with them: on a read-only root
# what seemed out of date would be compiled anew at every start. The hash seed makes two compilations the same.
set -eu
find "$1" -name __pycache__ -type d -prune -exec rm -rf {} +
PYTHONHASHSEED=0 python3 -m compileall -q -s "$1" -p "$2" --invalidation-mode unchecked-hash "$1"

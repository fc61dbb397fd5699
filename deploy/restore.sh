#!/bin/sh
# Puts a copy that backup.sh has made where a new Redis and a new installation find it. Nothing of it may run meanwhile.
#   MEDIA_DIR=data/media deploy/restore.sh FOLDER REDIS_DATA_FOLDER
set -eu
umask 077

usage="usage: $0 FOLDER REDIS_DATA_FOLDER"
folder=${1:?"$usage"}
data=${2:?"$usage"}

# A copy is what an append-only file begins with. Redis, started with `appendonly yes`, reads no other copy.
mkdir "$data/appendonlydir"
cp "$folder/redis.rdb" "$data/appendonlydir/appendonly.aof.1.base.rdb"
echo 'file appendonly.aof.1.base.rdb seq 1 type b' >"$data/appendonlydir/appendonly.aof.manifest"

if [ -n "${MEDIA_DIR-}" ]; then
  mkdir -p "$MEDIA_DIR"
  tar --extract --file "$folder/media.tar" --directory "$MEDIA_DIR"
fi

#!/bin/sh
# Copies a running installation into a new folder: all that Redis knows, as of one moment, and then the audio of its jobs.
#   REDIS_HOST=… REDIS_PORT=… REDIS_PASSWORD=… MEDIA_DIR=data/media deploy/backup.sh FOLDER
# Stop beat meanwhile, or the audio of jobs that are finished in between is cleaned up before it is copied
# (docs/operations/backup.md). Without MEDIA_DIR only Redis is copied: audio in S3 has backups of its own.
set -eu
umask 077

folder=${1:?"usage: $0 FOLDER"}
mkdir "$folder"

# By replication, so without access to the server's files. The password is in no process list.
REDISCLI_AUTH=${REDIS_PASSWORD-} \
  redis-cli -h "${REDIS_HOST:-127.0.0.1}" -p "${REDIS_PORT:-6379}" --rdb "$folder/redis.rdb.part" >&2
mv "$folder/redis.rdb.part" "$folder/redis.rdb"

if [ -n "${MEDIA_DIR-}" ]; then
  # 1: a file has changed or gone meanwhile, that of an upload which became no job of its own.
  tar --create --file "$folder/media.tar" --exclude '*.part' --directory "$MEDIA_DIR" . || [ $? -eq 1 ]
fi
echo "$folder"

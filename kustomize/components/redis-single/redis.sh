# Starts Redis with the password from the environment, which no command line shows.
set -eu
umask 077
{
  cat /etc/redis/redis.conf
  echo "dir /data"
  echo "requirepass $REDISCLI_AUTH"
} > /data/redis.conf
exec redis-server /data/redis.conf

# Starts the sentinel. What it learns is kept on the pod's volume, so a restart of everything finds the last primary.
set -eu
umask 077
if [ ! -f "$STATE/sentinel.conf" ]; then
  primary=$(sh "${CONFIG:-/etc/redis}/primary.sh")
  {
    cat "${CONFIG:-/etc/redis}/sentinel.conf"
    echo "sentinel announce-ip $SELF"
    echo "sentinel monitor lukseun $primary 6379 2"
    echo "sentinel auth-pass lukseun $REDISCLI_AUTH"
    echo "sentinel down-after-milliseconds lukseun 5000"
    echo "sentinel failover-timeout lukseun 20000"
    echo "sentinel parallel-syncs lukseun 1"
    echo "requirepass $REDISCLI_AUTH"
    echo "sentinel sentinel-pass $REDISCLI_AUTH"
  } > "$STATE/sentinel.conf.new"
  mv "$STATE/sentinel.conf.new" "$STATE/sentinel.conf"
fi
exec redis-server "$STATE/sentinel.conf" --sentinel

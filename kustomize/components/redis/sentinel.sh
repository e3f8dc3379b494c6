# Starts the sentinel. What it learns is kept on the pod's volume, so a restart of everything finds the last primary.
set -eu
umask 077
if [ -f /data/sentinel.conf ]; then
  grep -v -e '^requirepass ' -e ' auth-pass ' -e ' sentinel-pass ' /data/sentinel.conf > /data/sentinel.conf.new
else
  primary=$(sh /etc/redis/primary.sh)
  {
    cat /etc/redis/sentinel.conf
    echo "sentinel announce-ip $SELF"
    echo "sentinel monitor lukseun $primary 6379 2"
    echo "sentinel down-after-milliseconds lukseun 5000"
    echo "sentinel failover-timeout lukseun 20000"
    echo "sentinel parallel-syncs lukseun 1"
  } > /data/sentinel.conf.new
fi
{
  echo "requirepass $REDISCLI_AUTH"
  echo "sentinel auth-pass lukseun $REDISCLI_AUTH"
  echo "sentinel sentinel-pass $REDISCLI_AUTH"
} >> /data/sentinel.conf.new
mv /data/sentinel.conf.new /data/sentinel.conf
exec redis-server /data/sentinel.conf --sentinel

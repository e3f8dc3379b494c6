# Starts the sentinel. What it learns is kept on the pod's volume, so a restart of everything finds the last primary.
# A server that is silent for 3 s is taken for dead: three questions in a row without an answer. Less would take a
# machine that stumbles for one that fell.
set -eu
umask 077
GIVEN='^requirepass |auth-pass |sentinel-pass |down-after-milliseconds |failover-timeout |parallel-syncs '
if [ -f /data/sentinel.conf ]; then
  grep -v -E "$GIVEN" /data/sentinel.conf > /data/sentinel.conf.new
else
  primary=$(sh /etc/redis/primary.sh)
  {
    cat /etc/redis/sentinel.conf
    echo "sentinel announce-ip $SELF"
    echo "sentinel monitor lukseun $primary 6379 2"
  } > /data/sentinel.conf.new
fi
{
  echo "requirepass $REDISCLI_AUTH"
  echo "sentinel auth-pass lukseun $REDISCLI_AUTH"
  echo "sentinel sentinel-pass $REDISCLI_AUTH"
  echo "sentinel down-after-milliseconds lukseun 3000"
  echo "sentinel failover-timeout lukseun 10000"
  echo "sentinel parallel-syncs lukseun 1"
} >> /data/sentinel.conf.new
mv /data/sentinel.conf.new /data/sentinel.conf
exec redis-server /data/sentinel.conf --sentinel

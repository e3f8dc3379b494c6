# Ends with 0 when the server of this pod can do its part: it is the primary, or follows it and has all of its data.
# So an update does not go on to the next pod while this one could not take over.
set -eu
state=$(timeout 3 redis-cli -h "$SELF" -p 6379 --raw info replication | tr -d '\r')
case "$state" in
  *role:master*) ;;
  *master_link_status:up*) ;;
  *) exit 1 ;;
esac

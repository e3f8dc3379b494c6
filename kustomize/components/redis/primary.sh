# Prints the name of the present primary: what most of the other sentinels say, else what the one of this pod says.
# At the very first start nobody knows one; then it is the first pod.
set -eu
ask() {
  timeout 2 redis-cli -h "$1" -p 26379 --raw sentinel get-master-addr-by-name lukseun 2>/dev/null | head -n 1
}
answers=""
for peer in $PEERS; do
  [ "$peer" = "$SELF" ] || answers="$answers $(ask "$peer" || true)"
done
known=$(printf '%s\n' $answers | grep -v -i -e err -e auth -e '^$' | sort | uniq -c | sort -rn | awk 'NR==1 {print $2}')
if [ -z "$known" ] && [ -f /data/sentinel.conf ]; then
  known=$(awk '$1 == "sentinel" && $2 == "monitor" {print $4}' /data/sentinel.conf)
fi
echo "${known:-${PEERS%% *}}"

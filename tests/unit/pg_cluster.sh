#!/bin/sh
# A private PostgreSQL 15 cluster for a test, reachable by unix socket only (host=DIR user=postgres dbname=postgres).
#
#   pg_cluster.sh start DIR [PID]   initialise in DIR and start; gone with everything when process PID is gone
#   pg_cluster.sh halt DIR [MODE]   stop the server, keep the data (MODE fast, immediate, smart)
#   pg_cluster.sh run DIR           start it again
#   pg_cluster.sh stop DIR          stop and remove DIR
#
# Exit 77: PostgreSQL 15 is not installed. PostgreSQL refuses root, so root acts as the user postgres.
# PG_CLUSTER_FSYNC=on: a durable cluster, for measuring.
set -eu
bin=${PG_BIN:-/usr/lib/postgresql/15/bin}
command=${1:?start, halt, run or stop}
dir=${2:?directory}
[ -x "$bin/initdb" ] || { echo "PostgreSQL 15 is not in $bin" >&2; exit 77; }
case $dir in /tmp/*) ;; *) echo "a test's cluster lives under /tmp" >&2; exit 2 ;; esac

as_postgres() {
	if [ "$(id -u)" = 0 ]; then
		(cd / && runuser -u postgres -- "$@")
	else
		"$@"
	fi
}

run() {
	as_postgres "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 start >/dev/null
}

halt() {
	as_postgres "$bin/pg_ctl" -D "$dir/data" -w -t 60 -m "${1:-immediate}" stop >/dev/null 2>&1 || true
}

case $command in
start)
	mkdir -p "$dir"
	[ "$(id -u)" != 0 ] || chown postgres "$dir"
	as_postgres "$bin/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
		--no-instructions >"$dir.initdb" 2>&1 || { cat "$dir.initdb" >&2; exit 1; }
	rm -f "$dir.initdb"
	as_postgres sh -c "cat >>'$dir/data/postgresql.conf'" <<-CONF
		listen_addresses = ''
		unix_socket_directories = '$dir'
		fsync = ${PG_CLUSTER_FSYNC:-off}
		max_connections = 60
		shared_buffers = 64MB
		autovacuum = off
		logging_collector = off
	CONF
	run
	if [ -n "${3:-}" ]; then
		# Outlives the test only to clean up after it.
		setsid sh -c "while kill -0 '$3' 2>/dev/null; do sleep 1; done; exec '$0' stop '$dir'" \
			</dev/null >/dev/null 2>&1 &
	fi
	;;
run) run ;;
halt) halt "${3:-immediate}" ;;
stop)
	[ ! -d "$dir/data" ] || halt immediate
	rm -rf "$dir"
	;;
*)
	echo "unknown command $command" >&2
	exit 2
	;;
esac

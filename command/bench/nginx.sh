# shellcheck shell=bash
# nginx under wrk, on the machine that runs: requests per second of processor time of its one worker. Sourced by run.sh.
#
# With sendfile on and off; plain, and TLS that nginx leaves to the kernel (kTLS): when nginx encrypts itself, it reads the file
# whatever "sendfile" says.

NGINX_PORT=(plain-on:8081 plain-off:8082 tls-on:8083 tls-off:8084)

nginx_start() {
	local way port size
	mkdir -p "$DIR/www" /var/log/nginx /var/lib/nginx/body
	for size in 4096 102400 10485760; do head -c $size /dev/urandom >"$DIR/www/$size"; done
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -days 30 \
		-config <(printf '[req]\ndistinguished_name = dn\n[dn]\n') -keyout "$DIR/key.pem" -out "$DIR/cert.pem" 2>/dev/null
	{
		cat <<-END
			daemon on;
			worker_processes 1;
			user root;
			pid $DIR/nginx.pid;
			error_log $DIR/nginx.error;
			events { }
			http {
				access_log off;
				keepalive_requests 1000000;
				root $DIR/www;
				ssl_certificate $DIR/cert.pem;
				ssl_certificate_key $DIR/key.pem;
				ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256;
				ssl_protocols TLSv1.2;
				ssl_conf_command Options KTLS;
		END
		for way in "${NGINX_PORT[@]}"; do
			port=127.0.0.1:${way#*:} way=${way%:*}
			[ "${way%-*}" = plain ] || port+=" ssl"
			echo "server { listen $port; sendfile ${way#*-}; }"
		done
		echo "}"
	} >"$DIR/nginx.conf"
	cat >"$DIR/wrk.lua" <<-'END'
		function done(summary)
			local e = summary.errors
			io.write("bytes ", summary.bytes, " requests ", summary.requests, " errors ", e.connect + e.read + e.write + e.status + e.timeout, "\n")
		end
	END
	chrt --batch 0 nginx -c "$DIR/nginx.conf"
}

nginx_stop() {
	[ ! -e "$DIR/nginx.pid" ] || kill "$(cat "$DIR/nginx.pid")"
}

# The processor time of nginx's worker. It waits for connections then, so the number is up to date.
nginx_time() {
	local time
	read -r time _ <"/proc/$(pgrep -P "$(cat "$DIR/nginx.pid")")/schedstat"
	echo "$time"
}

# nginx_row WAY SIZE: a request that was begun counts for the bytes that came.
nginx_row() {
	local way=$1 size=$2 port scheme=http before said rate
	for port in "${NGINX_PORT[@]}"; do [ "${port%:*}" != "$way" ] || break; done
	[ "${way%-*}" = plain ] || scheme=https
	before=$(nginx_time)
	said=$(chrt --batch 0 wrk -t 1 -c 4 -d 1s -s "$DIR/wrk.lua" "$scheme://127.0.0.1:${port#*:}/$size")
	if rate=$(awk -v spent=$(($(nginx_time) - before)) -v size="$size" '
		/^bytes/ { bytes = $2; bad = $6 }
		END {
			if (bad || !bytes || !spent) exit 1
			printf "%.1f\n", bytes / size / spent * 1e9
		}' <<<"$said"); then
		out "nginx-$way,tmpfs,$size,requests_per_cpu_second,$rate"
	else
		say "left out: nginx-$way,$size: $said"
	fi
}

/** nginx as what answers and as what passes on, and wrk, which asks. Programs of scripts/lab/nginx.sh. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Programs {
  readonly nginx: string
  readonly wrk: string
}

/** Undefined where scripts/lab/nginx.sh has not said where they are. */
export function programs(): Programs | undefined {
  const { CLAW_LAB_NGINX: nginx, CLAW_LAB_WRK: wrk } = process.env
  return nginx === undefined || wrk === undefined ? undefined : { nginx, wrk }
}

const ground = (folder: string): string => `
daemon off;
user ${userInfo().username};
worker_processes 1;
pid ${folder}/pid;
error_log ${folder}/errors;
events { worker_connections 4096; }
`

const http = (folder: string): string => `
  access_log off;
  sendfile on;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 600s;
  client_max_body_size 64m;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
`

/** A command that answers with its own port at `PORT`, and with a large file where it is asked for one. */
export function replicaCommand(folder: string, nginx: string, files: string): readonly string[] {
  const script = join(folder, 'replica.sh')
  writeFileSync(
    script,
    `own=${folder}/replica-$PORT
mkdir -p $own
cat >$own/nginx.conf <<END
${ground('$own')}
http {${http('$own')}
  server {
    listen 127.0.0.1:$PORT;
    location / { return 200 "$PORT"; }
    location /files/ { alias ${files}/; }
  }
}
END
exec ${nginx} -p $own -c $own/nginx.conf -e $own/errors
`,
  )
  return ['/bin/sh', script]
}

export interface Passing {
  readonly port: number
  readonly tlsPort: number
  readonly cert: string
  readonly key: string
  readonly backends: readonly number[]
}

/** One worker, as there is one of ours, with connections to the replicas that are kept, and the headers that ours sends. */
export function startNginx(folder: string, nginx: string, { port, tlsPort, cert, key, backends }: Passing) {
  const own = join(folder, 'nginx')
  mkdirSync(own, { recursive: true })
  const config = `${ground(own)}
http {${http(own)}
  upstream replicas {
    ${backends.map((one) => `server 127.0.0.1:${one};`).join(' ')}
    keepalive 64;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    listen 127.0.0.1:${tlsPort} ssl;
    ssl_certificate ${cert};
    ssl_certificate_key ${key};
    location / {
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
      proxy_set_header X-Forwarded-Port $server_port;
    }
  }
}
`
  writeFileSync(join(own, 'nginx.conf'), config)
  return spawn(nginx, ['-p', own, '-c', join(own, 'nginx.conf'), '-e', join(own, 'errors')], { stdio: 'inherit' })
}

export async function stopNginx(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

export interface Load {
  readonly connections: number
  readonly seconds: number
  readonly path: string
  readonly host: string
  /** Bytes of the body of each request; 0 for GET. */
  readonly body: number
}

export interface Tally {
  /** Requests a second. */
  readonly rate: number
  /** MB a second that came. */
  readonly megabytes: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
  readonly errors: number
}

const script = (body: number): string => `
${body > 0 ? `wrk.method = "POST"\nwrk.body = string.rep("x", ${body})` : ''}
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('\\nTALLY {"requests":%d,"bytes":%d,"us":%d,"p50":%f,"p99":%f,"errors":%d}\\n', summary.requests,
    summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
`

const run = promisify(execFile)

export async function askWithWrk(folder: string, wrk: string, origin: string, load: Load): Promise<Tally> {
  const { connections, seconds, path, host, body } = load
  const lua = join(folder, 'load.lua')
  writeFileSync(lua, script(body))
  const flags = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-H', `Host: ${host}`, '-s', lua]
  const { stdout } = await run(wrk, [...flags, `${origin}${path}`])
  const told = /^TALLY (.*)$/m.exec(stdout)?.[1]
  if (told === undefined) throw new Error(`wrk said: ${stdout}`)
  const tally = JSON.parse(told) as Readonly<Record<'requests' | 'bytes' | 'us' | 'p50' | 'p99' | 'errors', number>>
  return {
    rate: (tally.requests * 1e6) / tally.us,
    megabytes: tally.bytes / tally.us,
    p50: tally.p50 / 1_000,
    p99: tally.p99 / 1_000,
    errors: tally.errors,
  }
}

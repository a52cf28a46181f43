/** Requests from outside at two peers: by host and path, over HTTPS, as a file says, while a deployment is replaced and while a replica is killed. */
import { writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { selfSigned } from '../../src/adapters/tls/self-signed.ts'
import { ask as call } from '../support/ask.ts'
import { eventually, freePort, Mesh } from '../support/mesh.ts'

const program = `
const { createServer } = require('node:http')
createServer(({ url, headers }, response) => {
  if (url === '/die') process.kill(process.pid, 'SIGKILL')
  response.end(JSON.stringify({ who: process.argv[2], url, pid: process.pid, via: headers['x-forwarded-proto'] }))
}).listen(process.env.PORT, '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
`
const hosts = { one: '127.0.0.1', two: '127.0.0.2' } as const
const site = 'app.example.org'

interface Said {
  readonly status: number
  readonly body: { readonly who?: string; readonly url?: string; readonly pid?: number; readonly via?: string }
}

let mesh: Mesh
let http: number
let https: number
let script: string

const deploy = async (name: string, word: string, operation: string): Promise<unknown> =>
  call(mesh.get(0).socket, operation, {
    ...(operation === 'deploy.create'
      ? { name, replicas: 2, service: await freePort(), ports: [8_080] }
      : { deployment: name }),
    ...{ image: 'host', command: [process.execPath, script, word], executor: 'process' },
    strategy: 'rolling',
  })

function get(address: string, path: string, { host = site, tls = false } = {}): Promise<Said> {
  return new Promise((resolve, reject) => {
    const options = { host: address, port: tls ? https : http, path, headers: { host }, agent: false as const }
    const asked = (tls ? httpsRequest : httpRequest)(
      { ...options, servername: host, rejectUnauthorized: false },
      (answer) => {
        text(answer).then(
          (body) => resolve({ status: answer.statusCode ?? 0, body: JSON.parse(body) as Said['body'] }),
          reject,
        )
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}

beforeAll(async () => {
  mesh = new Mesh()
  ;[http, https] = [await freePort(), await freePort()]
  const made = selfSigned({
    name: site,
    hosts: [site],
    notBefore: Date.now() - 60_000,
    notAfter: Date.now() + 3_600_000,
  })
  const [cert, key] = [join(mesh.directory, 'app.pem'), join(mesh.directory, 'app.key')]
  writeFileSync(cert, made.certificate)
  writeFileSync(key, made.key)
  script = join(mesh.directory, 'server.cjs')
  writeFileSync(script, program)
  for (const [name, host] of Object.entries(hosts)) {
    const config = `[service]\nbind = "${host}"\n[ingress]\nlisten = "${host}:${http}"\ntls_listen = "${host}:${https}"\n[ingress.certificates.app]\ncert = "${cert}"\nkey = "${key}"\n`
    const file = join(mesh.directory, `${name}.toml`)
    writeFileSync(file, config)
    await mesh.add(name, { extra: ['--config', file] })
  }
  await deploy('web', 'first', 'deploy.create')
  await deploy('docs', 'docs', 'deploy.create')
  const make = (name: string, parts: object): Promise<unknown> =>
    call(mesh.get(0).socket, 'ingress.create', { name, host: site, ...parts })
  await make('site', { deployment: 'web' })
  await make('docs', { deployment: 'docs', path: '/docs', strip: true })
  await make('all', { deployment: 'docs', host: '*.example.net' })
  for (const address of Object.values(hosts))
    for (const path of ['/', '/docs'])
      await eventually(
        `${path} is answered at ${address}`,
        20_000,
        () => get(address, path),
        ({ status }) => status === 200,
      )
}, 60_000)

afterAll(() => mesh.stop())

test('both peers send each request where its host and its path say, over HTTP and HTTPS', async () => {
  for (const address of Object.values(hosts)) {
    expect((await get(address, '/x')).body).toMatchObject({ who: 'first', url: '/x', via: 'http' })
    expect((await get(address, '/docs/a?b', { tls: true })).body).toMatchObject({
      who: 'docs',
      url: '/a?b',
      via: 'https',
    })
    expect((await get(address, '/', { host: 'x.example.net' })).body).toMatchObject({ who: 'docs' })
    expect((await get(address, '/', { host: 'other.org' })).status).toBe(404)
  }
})

test('a file says how its deployment is reached, which is made, changed and taken away with it', async () => {
  const daemon = mesh.get(0)
  const service = await freePort()
  const file = join(mesh.directory, 'filed.toml')
  const writeFiled = (...ingresses: readonly string[]): void => {
    const command = JSON.stringify([process.execPath, script, 'filed'])
    const work = `[workload]\nname = "filed"\nimage = "host"\nexecutor = "process"\ncommand = ${command}\nports = [8080]\nservice = ${service}\n`
    writeFileSync(file, [work, ...ingresses.map((one) => `[[workload.ingress]]\n${one}\n`)].join('\n'))
  }
  const deployed = (...ingresses: readonly string[]) => {
    writeFiled(...ingresses)
    return daemon.cli('deploy', '--spec', file, '--detach', '--yes')
  }
  const answered = (path: string, wanted: Said['status']): Promise<unknown> =>
    eventually(
      `${path} is answered with ${wanted}`,
      20_000,
      () => get(hosts.two, path, { host: 'filed.example.org' }),
      ({ status, body }) => status === wanted && (wanted !== 200 || body.who === 'filed'),
    )
  const names = async (): Promise<readonly string[]> =>
    (await daemon.json<readonly { readonly name: string }[]>('ingress', 'list')).map(({ name }) => name)

  const host = 'host = "filed.example.org"'
  const made = await deployed(host, 'host = "old.example.org"\nname = "old"')
  expect(made.code, made.stderr).toBe(0)
  await answered('/', 200)
  expect(await names()).toEqual(['all', 'docs', 'filed', 'old', 'site'])
  expect(await daemon.cli('diff', '--spec', file)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('ingress filed stays as it is'),
  })

  await call(daemon.socket, 'ingress.create', { name: 'by-hand', host: 'hand.example.org', deployment: 'filed' })
  const changed = await deployed(`${host}\npath = "/shop"`)
  expect(changed.code, changed.stderr).toBe(0)
  await answered('/shop', 200)
  await answered('/', 404)
  expect(await names()).toEqual(['all', 'by-hand', 'docs', 'filed', 'site'])

  await call(daemon.socket, 'namespace.create', { namespace: 'other' })
  await call(daemon.socket, 'deploy.create', {
    name: 'theirs',
    namespace: 'other',
    image: 'host',
    service: await freePort(),
    replicas: 0,
    executor: 'process',
    command: ['true'],
  })
  await call(daemon.socket, 'ingress.create', {
    name: 'theirs',
    namespace: 'other',
    host: 'theirs.example.org',
    deployment: 'theirs',
  })
  const refused = await deployed('host = "theirs.example.org"')
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toContain('error[HOST_TAKEN]')
  await answered('/shop', 200)

  writeFiled(`${host}\npath = "/shop"\nname = "renamed"`)
  const inTheWay = await daemon.cli('run', '--detach', '--file', file)
  expect(inTheWay.stderr).toContain('error[ROUTE_TAKEN]')

  const lent = { name: 'lent', host: 'lent.example.org', deployment: 'filed', ofFile: true }
  await call(daemon.socket, 'ingress.create', lent)
  await call(daemon.socket, 'ingress.update', { name: 'lent', deployment: 'web' })
  const removed = await deployed()
  expect(removed.code, removed.stderr).toBe(0)
  expect(removed.stderr).toContain('the ingress filed is taken away')
  await answered('/shop', 404)
  const after = await daemon.cli('diff', '--spec', file)
  expect(after).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('ingress by-hand for hand.example.org/ stays'),
  })
  expect(after.stdout).toContain('ingress lent for lent.example.org/ stays: it leads to web now')
}, 60_000)

test('a deployment is replaced and a replica is killed, and no request that may be repeated fails', async () => {
  let isOver = false
  const failed: unknown[] = []
  const seen = new Set<string>()
  const load = async (address: string): Promise<void> => {
    while (!isOver) {
      const { status, body } = await get(address, '/').catch((error: unknown) => ({
        status: String(error),
        body: null,
      }))
      if (status === 200) seen.add(body?.who ?? '')
      else failed.push(status)
    }
  }
  const loads = Object.values(hosts).flatMap((address) => [load(address), load(address)])
  await deploy('web', 'second', 'deploy.update')
  await eventually('the second is there', 30_000, () => Promise.resolve(seen.has('second')), Boolean)
  await eventually(
    'the first is gone',
    30_000,
    () => Promise.all([1, 2, 3, 4].map(() => get(hosts.two, '/'))),
    (all) => all.every(({ body }) => body.who === 'second'),
  )
  const { pid } = (await get(hosts.one, '/')).body
  if (pid !== undefined) process.kill(pid, 'SIGKILL')
  await eventually(
    'another answers',
    20_000,
    () => get(hosts.one, '/'),
    ({ body }) => body.pid !== pid,
  )
  isOver = true
  await Promise.all(loads)
  expect(seen).toEqual(new Set(['first', 'second']))
  expect(failed).toEqual([])
}, 90_000)

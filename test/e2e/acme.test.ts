/** Certificates that a mesh orders from a real ACME server, as the file of a deployment says: one peer orders, the other answers, both show what came, and it is renewed. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask as call } from '../support/ask.ts'
import { eventually, freePort, Mesh } from '../support/mesh.ts'
import { hasPebble, Pebble } from '../support/pebble.ts'

const hosts = { one: '127.0.0.1', two: '127.0.0.2' } as const
const site = 'app.example.org'
const lost = 'lost.example.org'
/** It is renewed after two thirds of that. */
const validSeconds = 36

const program = `
require('node:http').createServer((_, response) => response.end('served')).listen(process.env.PORT, '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
`

interface Certificate {
  readonly state: string
  readonly nodes: readonly string[]
  readonly notAfter: string | null
  readonly problem: string | null
}

describe.skipIf(!hasPebble)('with the ACME server at CLAW_LAB_PEBBLE (scripts/lab/pebble.sh)', () => {
  let mesh: Mesh
  let pebble: Pebble
  let https: number

  const info = async (name: string): Promise<Certificate> =>
    (await call<{ certificate: Certificate }>(mesh.get(1).socket, 'ingress.info', { name })).certificate

  /** The fingerprint of what is shown for the site, which must be believed by the root. */
  const shownAt = (host: string, ca: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host, port: https, servername: site, ca, timeout: 5_000 }, () => {
        resolve(socket.getPeerCertificate().fingerprint256)
        socket.destroy()
      })
      socket.on('error', reject)
    })

  beforeAll(async () => {
    mesh = new Mesh()
    const [http, service] = [await freePort(), await freePort()]
    https = await freePort()
    // The authority looks at the peer that does not order.
    pebble = await new Pebble({ directory: mesh.directory, address: hosts.two, port: http, validSeconds }).start()
    await pebble.place(lost, '127.0.0.9')
    const acme = `[ingress.acme]\ndirectory = "${pebble.directory}"\ncontact = "ops@example.org"\nagree = true\nroots = "${pebble.roots}"\n`
    for (const [name, host] of Object.entries(hosts)) {
      const file = join(mesh.directory, `${name}.toml`)
      const ingress = `[ingress]\nlisten = "${host}:${http}"\ntls_listen = "${host}:${https}"\n`
      writeFileSync(file, `[service]\nbind = "${host}"\n${ingress}${name === 'one' ? acme : ''}`)
      await mesh.add(name, { extra: ['--config', file] })
    }
    const script = join(mesh.directory, 'server.cjs')
    writeFileSync(script, program)
    const file = join(mesh.directory, 'web.yaml')
    const command = JSON.stringify([process.execPath, script])
    writeFileSync(
      file,
      `apiVersion: clawbernetes/v1
kind: Deployment
metadata: { name: web }
spec:
  image: host
  executor: process
  command: ${command}
  ports: [8080]
  service: ${service}
  ingress: [{ name: site, host: ${site}, acme: true }]
`,
    )
    const { code, stderr } = await mesh.get(0).cli('deploy', '--spec', file)
    expect(code, stderr).toBe(0)
  }, 60_000)

  afterAll(async () => {
    await mesh.stop()
    await pebble.stop()
  })

  test('given an ingress that wants one, when it is ordered, then both peers show it, and later the next', async () => {
    const root = await pebble.root()
    const first = await eventually(
      'one is shown at both',
      30_000,
      () => info('site'),
      ({ nodes }) => nodes.length === 2,
    )
    expect(first).toMatchObject({ state: 'shown', problem: null, nodes: ['one', 'two'] })
    const [atOne, atTwo] = [await shownAt(hosts.one, root), await shownAt(hosts.two, root)]
    expect(atOne).toBe(atTwo)
    await eventually(
      'another is shown',
      60_000,
      () => shownAt(hosts.two, root),
      (now) => now !== atTwo,
    )
    expect((await info('site')).notAfter).not.toBe(first.notAfter)
  }, 100_000)

  test('given keys of accounts and certificates, when files of the peers are looked at, then only one peer has the account, and no key stands open', () => {
    const files = (name: string): readonly string[] =>
      readdirSync(join(mesh.directory, name, 'state'), { recursive: true }) as string[]
    const account = join(mesh.directory, 'one', 'state', 'acme-account.key')
    expect(statSync(account).mode & 0o777).toBe(0o600)
    expect(files('two')).not.toContain('acme-account.key')
    for (const name of Object.keys(hosts))
      for (const file of files(name)) {
        const path = join(mesh.directory, name, 'state', file)
        if (path !== account && statSync(path).isFile())
          expect(readFileSync(path, 'latin1')).not.toContain('PRIVATE KEY')
      }
  })

  test('given a host that leads elsewhere, when one is ordered, then it is said why none came, and when it is tried again', async () => {
    await call(mesh.get(0).socket, 'ingress.create', { name: 'lost', host: lost, deployment: 'web', acme: true })
    const failed = await eventually(
      'it fails',
      40_000,
      () => info('lost'),
      ({ state }) => state === 'failing',
    )
    expect(failed.problem).toContain('127.0.0.9')
    expect(failed).toMatchObject({ nodes: [], notAfter: null, renewAt: expect.stringMatching(/^20/) as string })
    await call(mesh.get(0).socket, 'ingress.delete', { name: 'lost' })
  }, 60_000)
})

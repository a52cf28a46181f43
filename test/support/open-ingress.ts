/** An ingress door before replicas that a test plays. */
import { renameSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { ingressDoor } from '../../src/adapters/proxy/ingress-door.ts'
import { selfSigned } from '../../src/adapters/tls/self-signed.ts'
import type {
  CertificateFiles,
  IngressDoorOptions,
  IngressGate,
  IngressTarget,
  OpenIngressDoor,
} from '../../src/ports/ingress-door.ts'
import type { Backend } from '../../src/ports/service-door.ts'
import { freePort } from './mesh.ts'
import { undo } from './open-door.ts'
import type { ReplicaServer } from './replica-servers.ts'

export const host = 'app.example.org'

interface Opened {
  readonly port: number
  readonly door: OpenIngressDoor
  readonly problems: (string | null)[]
  readonly failures: unknown[]
}

/** `/api` is stripped, `/gone` is for a deployment that there is not, and no other host is known. */
export async function openedIngress(backend: Backend, options: Partial<IngressDoorOptions> = {}): Promise<Opened> {
  const port = await freePort()
  const problems: (string | null)[] = []
  const failures: unknown[] = []
  const find = (asked: string, path: string): IngressTarget | null => {
    if (asked !== host) return null
    const target = { backend, name: 'web', strip: path.startsWith('/api') ? '/api' : null }
    return path === '/gone' ? { ...target, backend: null } : target
  }
  const gate: IngressGate = {
    find,
    challenge: (asked, token) => Promise.resolve(asked === host && token === 'known' ? 'known.thumbprint' : null),
    onCertificates: (problem) => void problems.push(problem),
    onFailure: (error) => void failures.push(error),
  }
  const pace = { perSecond: 240, withinMs: 30_000 }
  const door = await ingressDoor.open(
    { bind: '127.0.0.1', port, certificates: null, perAddress: 64, pace, ...options },
    gate,
  )
  undo.push(() => door.close(0))
  return { port, door, problems, failures }
}

export const handled = (servers: readonly ReplicaServer[], handle: (response: ServerResponse) => void): void => {
  for (const server of servers) server.handle = (_, response) => handle(response)
}

/** All that is answered to these bytes until the connection ends, or until it has what is waited for. */
export function said(port: number, bytes: string, until?: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    let all = ''
    socket.on('data', (chunk: Buffer) => {
      all += chunk.toString('latin1')
      if (until === undefined || !all.includes(until)) return
      socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(all))
  })
}

export function pair(folder: string, name: string, hosts: readonly string[]): CertificateFiles {
  const made = selfSigned({ name, hosts, notBefore: Date.now() - 60_000, notAfter: Date.now() + 3_600_000 })
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) }
  for (const [file, text] of [
    [files.cert, made.certificate],
    [files.key, made.key],
  ] as const) {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  }
  return files
}

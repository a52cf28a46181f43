/** Which TCP connections a process of this machine has. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

interface Socket {
  readonly localPort: number
  readonly remotePort: number
}

const established = '01'

/** Of IPv4, as the kernel lists them. */
export function connectionsOf(pid: number): readonly Socket[] {
  const own = new Set(
    readdirSync(`/proc/${pid}/fd`).flatMap((name) => {
      try {
        return [/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1] ?? '']
      } catch {
        // It was closed meanwhile.
        return []
      }
    }),
  )
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === established && own.has(fields[9] ?? ''))
    .map(([, local = '', remote = '']) => ({ localPort: portIn(local), remotePort: portIn(remote) }))
}

const portIn = (address: string): number => parseInt(address.split(':')[1] ?? '0', 16)

/** Making join tokens. The mesh keeps only a hash of the secret, so that its state lets nobody in. */
import { isWorker } from '../../core/access/standing.ts'
import { encodeToken, secretBytes } from '../../core/admission/join-token.ts'
import { isPeerAddress } from '../../lib/peer-id.ts'
import type { CommandOf } from '../../core/state/types.ts'
import { sha256 } from '../../lib/sha256.ts'
import { ClawError } from '../../model/failure.ts'
import type { Instant, Millis } from '../../model/time.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Peers } from '../../ports/peers.ts'
import type { Random } from '../../ports/random.ts'
import type { Control } from '../control/types.ts'
import { publicKeyIn } from './mesh-key.ts'

export interface InviteDeps {
  readonly control: Pick<Control, 'state' | 'execute' | 'fresh'>
  readonly peers: Pick<Peers, 'self' | 'addresses'>
  readonly clock: Clock
  readonly random: Random
  readonly networkKey: Uint8Array | null
}

export interface Invitation {
  readonly ttl: Millis
  readonly roles: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  /** Caller that asked for it. */
  readonly by: string
  /** Has the mesh keep it, where that takes more than saying for whom. */
  commit?(command: CommandOf<'create-token'>): Promise<unknown>
}

/** Addresses that go into a token: enough to find somebody, few enough to paste. */
const maxTokenAddresses = 12

/** Commits an invitation and returns the text that lets one host in. */
export async function invite(
  { ttl, roles, labels, by, commit }: Invitation,
  deps: InviteDeps,
  signal: AbortSignal,
): Promise<{ readonly token: string; readonly notAfter: Instant }> {
  const { control, clock, random, networkKey } = deps
  // A daemon that has just started knows no more of its mesh than a leader has told it.
  if (control.state.mesh === null) await control.fresh('linearizable', signal)
  const { mesh } = control.state
  if (mesh === null) throw new ClawError('NO_LEADER', { detail: 'the mesh is still being founded' })
  const id = Buffer.from(random.bytes(9)).toString('base64url')
  const secret = random.bytes(secretBytes)
  const notAfter = clock.now() + ttl
  const token = { id, secretHash: sha256(secret), roles, labels, notAfter, createdBy: by }
  const command = { type: 'create-token', token } as const
  await (commit?.(command) ?? control.execute(command, { id: `token:${id}`, by, signal }))
  const addresses = dialAddresses(deps)
  const content = { mesh: mesh.id, publicKey: publicKeyIn(mesh.genesis), addresses, id, secret, notAfter, networkKey }
  return { token: encodeToken(content), notAfter }
}

/** Our own addresses first, then some of the other members' in turn, but of no workers, who may not let anybody in; loopback last, for it serves only on this host. */
function dialAddresses({ control, peers }: InviteDeps): readonly string[] {
  const others = [...control.state.members.values()].filter((member) => member.id !== peers.self && !isWorker(member))
  const all = [...peers.addresses(), ...others.flatMap(({ addresses }) => addresses.slice(0, 3))].filter(isPeerAddress)
  const isLocal = (address: string): boolean => /^\/(ip4\/127\.|ip6\/::1\/)/.test(address)
  const ordered = [...all.filter((address) => !isLocal(address)), ...all.filter(isLocal)]
  return [...new Set(ordered)].slice(0, maxTokenAddresses)
}

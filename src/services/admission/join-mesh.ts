/** The newcomer's side of joining: token in, membership out. */
import { checkCertificate } from '../../core/admission/certificate.ts'
import { meshIdOf } from '../../core/admission/genesis.ts'
import { decodeToken, type TokenContent } from '../../core/admission/join-token.ts'
import { isPeerAddress } from '../../lib/peer-id.ts'
import { supported } from '../../core/state/versions.ts'
import type { Genesis } from '../../core/state/types.ts'
import { ClawError } from '../../model/failure.ts'
import { type NodeId, nodeId } from '../../model/ids.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Disk } from '../../ports/journal.ts'
import type { Verifier } from '../../ports/signer.ts'
import type { Visitor } from '../../ports/visitor.ts'
import { type GenesisRecord, join, type JoinReply } from '../../wire/admission.ts'
import { readMembership, type StoredMembership, writeMembership } from './membership-file.ts'
import { publicKeyIn } from './mesh-key.ts'

export interface JoinDeps {
  readonly self: NodeId
  readonly sealKey: string
  readonly verifier: Verifier
  readonly clock: Clock
  readonly disk: Pick<Disk, 'readBlob' | 'writeBlob'>
  /** Opens a network of its own for the visit, with the token's network key. */
  readonly openVisitor: (networkKey: Uint8Array | null) => Promise<Visitor & { close(): Promise<void> }>
}

export interface Newcomer {
  readonly token: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Where this node will listen, as far as it can know; told again once it does. */
  readonly addresses: readonly string[]
}

/**
 * Joins and writes the membership. A data directory that belongs to the token's mesh already asks the mesh again, since it may have
 * been removed: then it comes back at a new epoch. If it is still a member it gets a new certificate, and the token counts as used.
 * Log and snapshot are of the same mesh and stay. Throws TOKEN_INVALID, ALREADY_MEMBER, NODE_UNREACHABLE or what the mesh answered;
 * the stored membership is then as it was.
 */
export async function joinMesh(newcomer: Newcomer, deps: JoinDeps, signal: AbortSignal): Promise<StoredMembership> {
  const { clock, disk, openVisitor } = deps
  const token = decodeToken(newcomer.token, clock.now())
  const present = await readMembership(disk)
  if (present !== null && present.mesh !== token.mesh) throw new ClawError('ALREADY_MEMBER', { mesh: present.mesh })

  const visitor = await openVisitor(token.networkKey)
  try {
    const visit = await visitor.visit(token.addresses, signal)
    const reply = await visit.call(join, requestOf(token, newcomer, deps.sealKey), signal)
    const stored = membershipIn(reply, token, deps)
    await writeMembership(disk, stored)
    return stored
  } finally {
    await visitor.close()
  }
}

function requestOf({ mesh, id, secret }: TokenContent, { name, labels, addresses }: Newcomer, sealKey: string) {
  return {
    mesh,
    token: id,
    secret: new Uint8Array(secret),
    name,
    labels: new Map(Object.entries(labels)),
    addresses: [...addresses],
    sealKey: new Uint8Array(Buffer.from(sealKey, 'base64')),
    oldestState: supported.oldest,
    newestState: supported.newest,
  }
}

/** The membership that the reply gives, once it is proved to be one of the token's mesh. */
function membershipIn(reply: JoinReply, token: TokenContent, { self, verifier, clock }: JoinDeps): StoredMembership {
  if (reply.genesis === undefined) throw untrusted('it did not say which mesh it is')
  const genesis = genesisIn(reply.genesis)
  if (meshIdOf(genesis) !== token.mesh) throw untrusted('it is another mesh')
  const mesh = { id: token.mesh, publicKey: token.publicKey }
  if (!Buffer.from(publicKeyIn(genesis)).equals(token.publicKey)) throw untrusted('its key is another')
  const { certificate } = reply
  const verdict = checkCertificate(certificate, { mesh, from: self, removed: new Map(), now: clock.now(), verifier })
  if (!verdict.ok) throw untrusted(verdict.reason)
  const others = reply.addresses.filter(isPeerAddress)
  return {
    mesh: token.mesh,
    genesis,
    certificate,
    addresses: [...new Set([...others, ...token.addresses])],
    networkKey: token.networkKey,
    founding: null,
  }
}

export const genesisIn = ({ name, publicKey, founder, createdAt }: GenesisRecord): Genesis => ({
  name,
  publicKey: Buffer.from(publicKey).toString('base64'),
  founder: nodeId(founder),
  createdAt,
})

const untrusted = (reason: string): ClawError =>
  new ClawError('TOKEN_INVALID', { reason: `the peer that answered does not belong to its mesh: ${reason}` })

/** What daemons of owners who know nothing of each other need to meet in one market on loopback. The network has one witness. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WrittenGenesis } from '../../../src/core/state/molt-commands.ts'
import { type NodeId, nodeId } from '../../../src/model/ids.ts'
import { type Daemon, eventually } from '../mesh.ts'

interface Status {
  readonly party: string | null
  readonly witnesses: { readonly isEnough: boolean }
}

/** The environment of a daemon whose market host is at that port. */
export const marketAt = (port: number) => ({ CLAWNODE_MOLT_LISTEN: `/ip4/127.0.0.1/tcp/${port}` })

/** Under which a daemon is in the market. The key is made by taking part once. */
export async function partyOf(daemon: Daemon): Promise<NodeId> {
  await daemon.json('molt', 'network', 'create')
  const { party } = await daemon.json<Status>('molt', 'status')
  await daemon.json('molt', 'network', 'leave', '--yes')
  if (party === null) throw new Error(`${daemon.name} has no key`)
  return nodeId(party)
}

export interface Founding {
  /** Its file is written there. */
  readonly folder: string
  readonly witness: { readonly party: NodeId; readonly port: number }
  /** Who brings in credit. */
  readonly issuer: NodeId
  /** None if left out. */
  readonly fee?: { readonly bps: number; readonly to: NodeId }
}

/** Has daemons join a network that is written by hand. */
export async function joinNetwork(
  { folder, witness: { party, port }, issuer, fee }: Founding,
  daemons: readonly Daemon[],
): Promise<WrittenGenesis> {
  const genesis: WrittenGenesis = {
    ...{ name: 'lab', witnesses: [party], faulty: 0, feeBps: fee?.bps ?? 0, feeTo: fee?.to ?? null },
    ...{ claimTime: 3_600_000, createdAt: 1, issuers: [{ account: issuer, limit: '1000000000' }] },
  }
  const file = join(folder, 'lab.json')
  const bootstrap = [`/ip4/127.0.0.1/tcp/${port}/p2p/${party}`]
  writeFileSync(file, JSON.stringify({ format: 'clawbernetes molt network 1', genesis, bootstrap }))
  for (const daemon of daemons) await daemon.json('molt', 'network', 'join', file)
  return genesis
}

/** Says at what terms a daemon lends. */
export async function setTerms(lender: Daemon, folder: string, terms: string): Promise<void> {
  const file = join(folder, 'lending.yaml')
  writeFileSync(file, terms)
  await lender.json('molt', 'policy', 'set', file)
}

export async function lend(lender: Daemon, folder: string, terms: string): Promise<void> {
  await setTerms(lender, folder, terms)
  await lender.json('molt', 'join', '--mode', 'moderate')
}

/** Until a daemon can pay. */
export const reachesWitness = (daemon: Daemon): Promise<Status> =>
  eventually(
    `${daemon.name} reaches the witness`,
    30_000,
    () => daemon.json<Status>('molt', 'status'),
    ({ witnesses }) => witnesses.isEnough,
  )

export interface OnOffer {
  readonly providers: number
  readonly free: number
  readonly lowest: { readonly micro: string }
}

/** What a buyer sees in the market once it is as it has to be. */
export const seesInMarket = (
  buyer: Daemon,
  what: string,
  holds: (models: readonly OnOffer[]) => boolean,
): Promise<readonly OnOffer[]> =>
  eventually(`${buyer.name} sees ${what}`, 60_000, () => buyer.json<readonly OnOffer[]>('molt', 'market'), holds)

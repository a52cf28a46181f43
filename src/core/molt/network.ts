/** The rules of a MOLT network: everything that strangers in it have to agree on before they trade. */
import { z } from 'zod'
import type { MicroMolt } from '../../model/amount.ts'
import { Amount } from '../../model/amount.ts'
import type { NodeId } from '../../model/ids.ts'
import { party } from '../../model/molt-agreement.ts'
import type { Millis } from '../../model/time.ts'
import { hashOf } from './signing.ts'

const Issuer = z.strictObject({
  account: party,
  /** How far its account may go below nothing: so much credit it may bring into the network. */
  limit: Amount,
})

export const Genesis = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/),
    witnesses: z.array(party).min(1).max(100),
    /** How many of the witnesses may lie without harm. With 0 they may only crash, and a majority of them decides. */
    faulty: z.int().min(0).max(33),
    issuers: z.array(Issuer).max(100),
    /** Of what is paid to a provider, in hundredths of a percent. */
    feeBps: z.int().min(0).max(10_000),
    /** Who gets it. */
    feeTo: party.nullable(),
    /** How long after the end of an agreement its provider may still ask for what is due, before its buyer may take back the rest. */
    claimTime: z
      .int()
      .min(60_000)
      .max(30 * 86_400_000),
    createdAt: z.int().min(0),
  })
  .refine(
    ({ witnesses, faulty }) => witnesses.length >= 3 * faulty + 1,
    'needs more than three times as many witnesses as may lie',
  )
  .refine(({ witnesses }) => new Set(witnesses).size === witnesses.length, 'a witness is named twice')
  .refine(
    ({ issuers }) => new Set(issuers.map(({ account }) => account)).size === issuers.length,
    'an issuer is named twice',
  )
  .refine(({ feeBps, feeTo }) => feeBps === 0 || feeTo !== null, 'a fee needs somebody who gets it')
export type Genesis = z.infer<typeof Genesis>

export interface Network {
  /** The hash of its genesis. */
  readonly id: string
  readonly witnesses: ReadonlySet<NodeId>
  /** So many of them may lie: what one more of them says is the word of an honest one. */
  readonly faulty: number
  /** Any two sets of so many have an honest witness in common. */
  readonly quorum: number
  readonly limits: ReadonlyMap<string, MicroMolt>
  readonly feeBps: number
  readonly feeTo: NodeId | null
  readonly claimTime: Millis
}

export const networkOf = (genesis: Genesis): Network => ({
  id: `molt-${hashOf('genesis', genesis).slice(0, 32)}`,
  witnesses: new Set(genesis.witnesses),
  faulty: genesis.faulty,
  quorum: quorumOf(genesis.witnesses.length, genesis.faulty),
  limits: new Map(genesis.issuers.map(({ account, limit }) => [account, limit])),
  feeBps: genesis.feeBps,
  feeTo: genesis.feeTo,
  claimTime: genesis.claimTime,
})

/** Two quorums share at least 2q - n witnesses, of whom `faulty` may lie: the smallest q for which one of them does not. */
export const quorumOf = (witnesses: number, faulty: number): number => Math.floor((witnesses + faulty) / 2) + 1

/** Rounded down: the fee is what the provider goes without. */
export const feeOf = ({ feeBps }: Pick<Network, 'feeBps'>, paid: MicroMolt): MicroMolt =>
  (paid * BigInt(feeBps)) / 10_000n

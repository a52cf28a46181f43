/** Who takes part in the network, and where. */
import { z } from 'zod'
import { hour } from '../../../model/time.ts'
import { Hash } from '../../../model/molt-agreement.ts'
import { emptyTombstone, ruleOf } from './rule.ts'

export const nodeRoles = ['witness', 'provider', 'buyer', 'arbiter'] as const

export const NodePayload = z.strictObject({
  addresses: z.array(z.string().regex(/^\/[\x21-\x7e]{1,199}$/)).max(8),
  roles: z.array(z.enum(nodeRoles)).max(nodeRoles.length),
  /** Of its hardware, in its own words. */
  hardware: Hash.nullable(),
  /** Public key of its overlay network, base64. */
  overlay: z.string().max(64).nullable(),
  versions: z.strictObject({
    software: z.string().min(1).max(64),
    oldest: z.int().min(1).max(1_000_000),
    newest: z.int().min(1).max(1_000_000),
  }),
})
export type NodePayload = z.infer<typeof NodePayload>

export const nodeRule = ruleOf({
  payload: NodePayload,
  longest: 2 * hour,
  problem: (_, { issuer, id }) => (issuer === id ? null : 'issuer'),
  tombstone: { payload: emptyTombstone, problem: (_, { issuer, id }) => (issuer === id ? null : 'issuer') },
})

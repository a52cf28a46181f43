/** What the leader does for the vault next: make a key, hand it to voters that lack it, replace it when somebody goes who had it. */
import type { NodeId } from '../../model/ids.ts'
import type { Vault } from '../../model/secret.ts'
import type { Instant, Millis } from '../../model/time.ts'
import { minute } from '../../model/time.ts'

export interface VaultFacts {
  readonly self: NodeId
  readonly vault: Vault | null
  /** Whether this peer can open the vault. */
  readonly holds: boolean
  readonly members: ReadonlySet<NodeId>
  readonly voters: readonly NodeId[]
  /** Since when a holder has no vote any more, as far as this leader has seen. */
  readonly demotedSince: ReadonlyMap<NodeId, Instant>
  readonly at: Instant
}

export type VaultStep =
  /** A first key, or one in place of all that nobody can open any more. */
  | { readonly do: 'begin'; readonly epoch: number; readonly holders: readonly NodeId[] }
  /** The next key; holders of it can open what was sealed before. */
  | { readonly do: 'renew'; readonly epoch: number; readonly holders: readonly NodeId[] }
  /** The key that there is, for voters that do not have it. */
  | { readonly do: 'lend'; readonly to: readonly NodeId[] }
  /** This peer cannot open the vault, and that voter can: it had better lead. */
  | { readonly do: 'yield'; readonly to: NodeId }

/** A node that is restarted loses its vote for a while; that alone is no reason for a new key. */
export const demotedFor: Millis = 10 * minute

export function nextVaultStep(facts: VaultFacts): VaultStep | null {
  const { self, vault, holds, members, at } = facts
  const voters = facts.voters.filter((voter) => members.has(voter))
  if (vault === null) return { do: 'begin', epoch: 1, holders: voters }
  if (!holds) {
    const holder = voters.find((voter) => voter !== self && vault.holders.has(voter))
    if (holder !== undefined) return { do: 'yield', to: holder }
    const isHeld = [...vault.holders.keys()].some((node) => node !== self && members.has(node))
    return isHeld ? null : { do: 'begin', epoch: vault.epoch + 1, holders: voters }
  }
  const isDemoted = [...vault.holders.keys()].some((node) => {
    const since = facts.demotedSince.get(node)
    return !voters.includes(node) && since !== undefined && at - since >= demotedFor
  })
  if (vault.isExposed || isDemoted) return { do: 'renew', epoch: vault.epoch + 1, holders: voters }
  const missing = voters.filter((voter) => !vault.holders.has(voter))
  return missing.length > 0 ? { do: 'lend', to: missing } : null
}

/** Since when each holder is seen without a vote. */
export function demotions(
  before: ReadonlyMap<NodeId, Instant>,
  { vault, voters, at }: Pick<VaultFacts, 'vault' | 'voters' | 'at'>,
): ReadonlyMap<NodeId, Instant> {
  const without = [...(vault?.holders.keys() ?? [])].filter((node) => !voters.includes(node))
  return new Map(without.map((node) => [node, before.get(node) ?? at]))
}

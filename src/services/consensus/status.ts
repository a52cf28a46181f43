/** What a peer tells of its place in the group. */
import type { Raft } from '../../core/consensus/raft.ts'
import type { Millis } from '../../model/time.ts'
import type { Log } from '../../ports/log.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { GatewayRole, GatewayStatus, Lead } from '../control/types.ts'

/** `raft` is null while the peer takes no part. */
export const leadOf = (raft: Raft | null): Lead =>
  raft === null
    ? { role: 'learner', term: 0, leader: null }
    : { role: roleOf(raft), term: raft.term, leader: raft.leader }

export function statusOf(raft: Raft | null, applied: number, at: Millis): GatewayStatus {
  if (raft === null)
    return {
      ...leadOf(raft),
      ...{ voters: [], committed: applied, applied, followers: [] },
      outOfTouchFor: Infinity,
    }
  const { commit, leading } = raft
  const followers = [...(leading?.progress ?? [])].map(([node, progress]) => ({
    node,
    // One whose word does not count is as good as silent.
    matched: progress.mute ? 0 : progress.match,
    silentFor: progress.mute
      ? at - progress.addedAt
      : progress.heardAt === null
        ? null
        : Math.max(0, at - progress.heardAt),
    isMute: progress.mute,
  }))
  const outOfTouchFor = raft.phase === 'leader' ? silenceOfMajority(raft, followers) : Math.max(0, at - raft.heardAt)
  return {
    ...leadOf(raft),
    ...{ voters: raft.log.voters, committed: commit, applied },
    ...{ outOfTouchFor, followers },
  }
}

function silenceOfMajority({ log, self }: Raft, followers: GatewayStatus['followers']): Millis {
  const silences = log.voters.map((voter) => {
    if (voter === self) return 0
    const follower = followers.find(({ node, isMute }) => node === voter && !isMute)
    return follower?.silentFor ?? Infinity
  })
  return silences.toSorted((a, b) => a - b)[Math.floor(silences.length / 2)] ?? Infinity
}

function roleOf({ phase, log, self }: Raft): GatewayRole {
  if (phase === 'leader') return 'leader'
  if (!log.voters.includes(self)) return 'learner'
  return phase === 'follower' ? 'follower' : 'candidate'
}

/** Tells whoever looks after the node what part this peer has now. */
export function tellRole(
  { log, metrics }: { readonly log: Log; readonly metrics: Metrics },
  { role, term, leader, voters }: GatewayStatus,
): void {
  metrics.gauge('claw_consensus_term', term)
  metrics.gauge('claw_consensus_leading', role === 'leader' ? 1 : 0)
  log.info('consensus role', { role, term, leader, voters })
}

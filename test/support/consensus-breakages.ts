/** Wrong answers to the rules of consensus, each of which loses data, splits the lead or serves something stale. */
import type { Rules } from '../../src/core/consensus/rules.ts'
import type { HostFlaws } from '../../src/simulation/consensus-host.ts'

export interface Breakage {
  readonly breakages?: Partial<Rules>
  readonly flaws?: HostFlaws
}

export const breakages: Readonly<Record<string, Breakage>> = {
  'votes twice in a term': { breakages: { mayVoteFor: () => true } },
  'votes for a candidate with an older log': { breakages: { isUpToDate: () => true } },
  'takes fewer than half for a majority': { breakages: { majority: (voters) => Math.max(1, Math.floor(voters / 2)) } },
  'commits entries of older terms by counting copies': { breakages: { mayCommitByCount: () => true } },
  'listens to a leader of an older term': { breakages: { isCurrent: () => true } },
  'takes entries without comparing what is before them': { breakages: { follows: (here) => here !== undefined } },
  'removes entries that do not differ': { breakages: { conflicts: () => true } },
  'keeps entries that differ': { breakages: { conflicts: (here) => here === undefined } },
  'believes a commit index beyond what it compared': { breakages: { commitLimit: (commit) => commit } },
  'applies before commit': { breakages: { appliesTo: (_commit, last) => last } },
  'serves reads without asking a majority': { breakages: { readConfirmed: () => true } },
  'serves reads before its own term has committed': { breakages: { knowsCommit: () => true } },
  'changes two voters at once': { breakages: { mayChangeVoters: () => true } },
  'counts a peer that lost its promises': { breakages: { counts: () => true } },
  'speaks before its disk has confirmed': { flaws: { skipsFlush: true } },
  'forgets its vote in a restart': { flaws: { forgetsVote: true } },
}

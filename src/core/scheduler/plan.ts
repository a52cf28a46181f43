/**
 * Decides what runs where, in the order of the queue; each workload on the node that it leaves least of. A workload that fits nowhere
 * waits, and smaller ones behind it may go first, but not to a node that is kept for it. What goes beyond a quota comes after all that
 * stays within theirs.
 */
import type { Ask } from '../queue/ask.ts'
import { Budget } from '../queue/budget.ts'
import { Turns } from '../queue/turns.ts'
import { Planner } from './planner.ts'
import { Stock } from './stock.ts'
import type { Decision, SchedulerSettings, Snapshot } from './types.ts'

/**
 * One decision for each pending workload or gang, in the order in which they were taken, up to the most placements of one plan. A stock that
 * is kept from plan to plan makes no other decisions, only faster ones.
 */
export function plan(snapshot: Snapshot, settings: SchedulerSettings, stock = new Stock()): readonly Decision[] {
  const planner = new Planner(snapshot, settings, stock)
  const turns = new Turns(snapshot.pending, snapshot.accounts)
  const budget = new Budget(snapshot.accounts)
  const decisions: Decision[] = []
  const borrowers: Ask[] = []
  let placements = 0

  const decide = (ask: Ask, isBorrowed: boolean): void => {
    const decision = planner.decide(ask)
    decisions.push(decision.decision === 'wait' && isBorrowed ? { ...decision, lacks: 'turn' } : decision)
    if (decision.decision === 'wait') return
    placements += ask.parts.length
    turns.placed(ask)
    budget.placed(ask)
  }

  for (const ask of turns) {
    if (placements >= settings.maxPlacements) return decisions
    const allowance = budget.allows(ask)
    if (allowance.kind === 'within') decide(ask, false)
    else if (allowance.kind === 'borrowed') borrowers.push(ask)
    else decisions.push({ decision: 'wait', workload: ask.lead.id, reason: allowance.reason, lacks: 'turn' })
  }
  for (const ask of borrowers) {
    if (placements >= settings.maxPlacements) return decisions
    decide(ask, true)
  }
  return decisions
}

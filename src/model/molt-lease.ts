/** How a lease is, and why it is over, in words that its provider, its buyer and the wire share. */

export const leaseStates = ['bid', 'agreed', 'funded', 'running', 'paused', 'ending', 'closing', 'closed'] as const

export const leaseReasons = [
  ...(['expired', 'unfunded', 'not-started', 'over', 'used-up', 'completed', 'failed'] as const),
  ...(['unvouched', 'reclaimed', 'cancelled'] as const),
] as const
export type LeaseReason = (typeof leaseReasons)[number]

/** Over which what was earned is summed up. */
export const earningPeriods = ['7d', '30d', 'month'] as const
export type EarningPeriod = (typeof earningPeriods)[number]
/** Of which there is a statement. */
export const statementPeriods = [...earningPeriods, 'all'] as const
export type StatementPeriod = (typeof statementPeriods)[number]

/** How a lease is, and why it is over, in words that its provider, its buyer and the wire share. */

export const leaseStates = ['bid', 'agreed', 'funded', 'running', 'paused', 'ending', 'closing', 'closed'] as const

export const leaseReasons = [
  ...(['expired', 'unfunded', 'not-started', 'over', 'used-up', 'completed', 'failed'] as const),
  ...(['unvouched', 'reclaimed', 'cancelled'] as const),
] as const
export type LeaseReason = (typeof leaseReasons)[number]

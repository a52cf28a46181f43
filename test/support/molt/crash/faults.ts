/** What goes wrong at a step. Each is prepared before, strikes at once when the step is seen, and is undone later. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Daemon, eventually, type StatusReply } from '../../mesh.ts'
import type { MarketHosts } from '../market-hosts.ts'

export const faultNames = ['provider killed', 'buyer killed', 'gateway changed', 'witness down'] as const
export type FaultName = (typeof faultNames)[number]

export interface Fault {
  /** Within the same turn. Resolves when it has done its work. */
  strike(): Promise<unknown>
  /** Who is gone then. */
  readonly victim: Daemon
  /** Whoever is gone comes back a while later; a witness when all is over. */
  undo(when: 'soon' | 'at the end'): Promise<void>
}

/** How long somebody is gone, in ms. */
const away = 1_000

export async function prepared(name: FaultName, market: MarketHosts, witness: Daemon): Promise<Fault> {
  switch (name) {
    case 'provider killed':
      return kill(market.lender, 'soon')
    case 'buyer killed':
      return kill(market.buyer, 'soon')
    case 'gateway changed':
      return kill(await leaderBeside(market), 'soon')
    case 'witness down':
      return kill(witness, 'at the end')
  }
}

function kill(victim: Daemon, back: 'soon' | 'at the end'): Fault {
  let ended: Promise<unknown> | null = null
  return {
    victim,
    strike: () => (ended = victim.end('SIGKILL')),
    async undo(when) {
      if (when !== back || ended === null) return
      await ended
      ended = null
      await sleep(away)
      await victim.start()
    },
  }
}

/** Who leads the mesh of the provider, and is another node of it. */
async function leaderBeside({ lender, lenders }: MarketHosts): Promise<Daemon> {
  await eventually(
    'another node than the provider leads',
    60_000,
    async () => {
      const { leader } = await lender.json<StatusReply>('status')
      if (leader === lender.name) await lender.cli('gateway', 'transfer', lenders.get(1).name)
      return lenders.leader()
    },
    (leader) => leader !== lender,
  )
  return lenders.leader()
}

/** Ready-made commands on the overlay. */
import type { CommandOf } from '../../src/core/state/types.ts'
import type { NodeId } from '../../src/model/ids.ts'
import type { OverlaySettings } from '../../src/model/overlay.ts'
import { defaultOverlay } from '../../src/model/overlay.ts'

export const enableOverlay = (parts: Partial<OverlaySettings> = {}): CommandOf<'enable-overlay'> => ({
  type: 'enable-overlay',
  settings: { ...defaultOverlay, ...parts },
})

/** Another key for every node and generation, unless one is given. */
export const joinOverlay = (
  node: NodeId,
  generation = 1,
  parts: Partial<Omit<CommandOf<'join-overlay'>, 'type' | 'node'>> = {},
): CommandOf<'join-overlay'> => ({
  ...{ type: 'join-overlay', node, endpoints: ['192.0.2.1'], isBehindNat: false, isManaged: true },
  lane: { generation, publicKey: keyFor(`${node}/${generation}`), signature: 'A'.repeat(86) + '==', port: 51_820 },
  ...parts,
})

export const keyFor = (word: string): string => Buffer.alloc(32, `${word}-`).toString('base64')

export const rotateOverlay = (nodes: readonly NodeId[] | null = null, finish = false): CommandOf<'rotate-overlay'> => ({
  ...{ type: 'rotate-overlay', nodes, finish },
})

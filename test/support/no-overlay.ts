/** A node that has no interface of the overlay, and whose packets nobody answers. */
import type { OverlayView, TailnetView } from '../../src/operations/context.ts'

export const noOverlay: OverlayView = {
  look: () => Promise.resolve({ mode: 'off', problems: [], lanes: [] }),
  echo: (_, { count }) => Promise.resolve({ sent: count, received: 0, averageMs: null, problem: null }),
}

/** Nor is it in a tailnet. */
export const noTailnet: TailnetView = {
  look: () => null,
  up: () => Promise.resolve(null),
  down: () => Promise.resolve(null),
  echo: (_, count) => Promise.resolve({ sent: count, received: 0, averageMs: null, problem: null, path: null }),
  ports: { mesh: [4_710], people: [] },
  keySource: { kind: 'environment', name: 'TS_AUTHKEY' },
}

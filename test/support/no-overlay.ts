/** A node that has no interface of the overlay, and whose packets nobody answers. */
import type { OverlayView } from '../../src/operations/context.ts'

export const noOverlay: OverlayView = {
  look: () => Promise.resolve({ mode: 'off', problems: [], lanes: [] }),
  echo: (_, { count }) => Promise.resolve({ sent: count, received: 0, averageMs: null, problem: null }),
}

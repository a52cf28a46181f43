/** Which network of the engine work is put on: the overlay's where it can be, and no other where something depends on that. */
import { isSelected } from '../../core/network-policy/work.ts'
import { joinsOverlay } from '../../core/overlay/joins.ts'
import { ClawError } from '../../model/failure.ts'
import type { Workload } from '../../model/workload.ts'
import type { ContainerBridge } from './container-bridge.ts'
import type { OverlayDeps } from './types.ts'

interface WorkNetworkDeps extends Pick<OverlayDeps, 'control'> {
  readonly bridge: Pick<ContainerBridge, 'network' | 'isPassed'>
  /** The host is not able to have an overlay at all: its owner sets it up, or nobody. */
  readonly isByHand: () => boolean
  /** `problems` has something else to say. */
  readonly onChange: () => void
}

export class WorkNetwork {
  readonly #deps: WorkNetworkDeps
  #holdsBack = false

  constructor(deps: WorkNetworkDeps) {
    this.#deps = deps
  }

  /**
   * Null for the engine's usual network. There no network policy could be kept for it, as long as it lives: work that one is for does not
   * start for now. Throws OVERLAY_FAILED then, and the signal's reason.
   */
  async of(workload: Workload, signal: AbortSignal): Promise<string | null> {
    const { control, bridge } = this.#deps
    if (control.state.overlay === null || !joinsOverlay(workload.spec)) return null
    const network = await bridge.network(signal)
    if (network === null && this.#mustWait(workload)) throw this.#heldBack()
    return network
  }

  /** A policy may have come since the usual network was chosen. Throws OVERLAY_FAILED, after which it is chosen anew. */
  confirmUsual(workload: Workload): void {
    if (this.#mustWait(workload)) throw this.#heldBack()
  }

  /** A host that is not able to have an overlay works on, and says so. */
  #mustWait(workload: Workload): boolean {
    const { control, isByHand } = this.#deps
    const { state } = control
    return state.overlay !== null && !isByHand() && joinsOverlay(workload.spec) && isSelected(state, workload)
  }

  #heldBack(): ClawError {
    if (!this.#deps.bridge.isPassed) this.#holdBack(true)
    const problem = 'containers are not in the overlay, and network policies are for this work'
    return new ClawError('OVERLAY_FAILED', { problem })
  }

  /** After each look at the overlay of this host. */
  review(): void {
    const { control, bridge, isByHand } = this.#deps
    if (control.state.overlay === null || isByHand() || bridge.isPassed) this.#holdBack(false)
  }

  problems(): readonly string[] {
    return this.#holdsBack ? ['overlay: work that network policies are for does not start without it'] : []
  }

  #holdBack(does: boolean): void {
    if (does === this.#holdsBack) return
    this.#holdsBack = does
    this.#deps.onChange()
  }
}

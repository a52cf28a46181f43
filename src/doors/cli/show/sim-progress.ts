/** How far a simulation is: one line that changes at a terminal, a line every now and then elsewhere, nothing for machines. */
import type { Millis } from '../../../model/time.ts'
import type { Progress, SimulationRequest } from '../../../sim/simulation.ts'
import { spanInWords } from '../../../sim/words.ts'
import type { Sink } from '../host.ts'
import type { Output } from './output.ts'

/** Off a terminal, a line is written so often. */
const every: Millis = 10_000

interface Teller {
  readonly listeners: Pick<SimulationRequest, 'onProgress' | 'onEvent'>
  /** Takes the changing line away. */
  end(): void
}

export function progressTeller(stderr: Sink, out: Pick<Output, 'note' | 'isForMachines'>): Teller {
  const isLive = stderr.isTTY === true && !out.isForMachines
  let shown = ''
  let toldAt = -Infinity
  const draw = (line: string): void => {
    shown = line
    stderr.write(`\r\u001b[K${line.slice(0, (stderr.columns ?? 100) - 1)}`)
  }
  return {
    listeners: {
      onProgress(progress) {
        const line = progressInWords(progress)
        if (isLive) draw(line)
        else if (progress.elapsed - toldAt >= every) {
          toldAt = progress.elapsed
          out.note(line)
        }
      },
      onEvent(words) {
        if (isLive) stderr.write('\r\u001b[K')
        out.note(`• ${words}`)
        if (isLive) draw(shown)
      },
    },
    end() {
      if (isLive) stderr.write('\r\u001b[K')
    },
  }
}

function progressInWords({ phase, elapsed, peersUp, peers, submitted, planned, ...mesh }: Progress): string {
  const time = spanInWords(elapsed)
  if (phase === 'joining') return `${time}  peers become members …`
  if (phase === 'starting') return `${time}  peers start: ${peersUp} of ${peers} are up`
  const { running, pending, leader } = mesh
  return [
    time,
    `${peersUp}/${peers} peers`,
    `leader ${leader ?? 'unknown'}`,
    `${submitted}/${planned} submitted`,
    running === null ? 'no answer yet' : `${running} running, ${pending ?? 0} waiting`,
  ].join('  ')
}

/** How much has been copied: a line that changes at a terminal, one every now and then elsewhere, nothing for machines. */
import type { Session } from '../line/command.ts'
import { sizeInWords } from './image-words.ts'

const atTerminal = 500
const elsewhere = 5_000

/** Does the work, and shows what it counts meanwhile. */
export async function counted<T>(
  { host: { stderr }, out }: Session,
  work: (count: (bytes: number) => void) => Promise<T>,
): Promise<{ readonly bytes: number; readonly result: T }> {
  let bytes = 0
  const isLive = stderr.isTTY === true && !out.isForMachines
  let isShown = false
  const show = (): void => {
    if (!isLive) return out.note(`${sizeInWords(bytes)} so far`)
    isShown = true
    stderr.write(`\r\u001b[K${sizeInWords(bytes)}`)
  }
  const timer = setInterval(show, isLive ? atTerminal : elsewhere)
  try {
    const result = await work((more) => void (bytes += more))
    return { bytes, result }
  } finally {
    clearInterval(timer)
    if (isShown) stderr.write('\r\u001b[K')
  }
}

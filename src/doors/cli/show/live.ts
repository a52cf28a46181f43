/** `--live`: the list drawn again in place, until Ctrl-C. */
import { ClawError } from '../../../model/failure.ts'
import type { Session } from '../line/command.ts'
import { interrupted } from '../exit-code.ts'
import type { Looked } from './looks.ts'
import { looks } from './looks.ts'

/** The other screen of the terminal, so that what was there before is there again afterwards; no cursor meanwhile. */
const enter = '\u001b[?1049h\u001b[?25l'
const leave = '\u001b[?25h\u001b[?1049l'

/** Throws INVALID_REQUEST where there is no terminal to draw on. */
export async function live<Row>({ look, columns }: Looked<Row>, session: Session): Promise<number> {
  const { out, host } = session
  if (!out.isTerminal || out.isForMachines)
    throw new ClawError('INVALID_REQUEST', { problem: '--live draws on a terminal; elsewhere take --watch' })
  let isEntered = false
  try {
    for await (const rows of looks(look, session)) {
      const lines = await out.lines(rows, (found, style) => style.table(found, columns))
      if (!isEntered) host.stdout.write(enter)
      isEntered = true
      await out.redraw([`${new Date().toLocaleTimeString()}  Ctrl-C ends it`, '', ...lines])
    }
  } finally {
    if (isEntered) host.stdout.write(leave)
  }
  return interrupted
}

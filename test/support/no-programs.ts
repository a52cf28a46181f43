/** A host on which nobody may run a program, and which has a shell. */
import { ClawError } from '../../src/model/failure.ts'
import type { ProgramsView } from '../../src/operations/context.ts'

export const noPrograms: ProgramsView = {
  find: (name) => Promise.resolve(name === 'sh' ? '/bin/sh' : null),
  allowed: () => Promise.reject(new ClawError('PERMISSION_DENIED', { action: 'run programs here' })),
  run: () => Promise.reject(new Error('nobody runs programs here')),
}

/** Makes a data directory that belongs to a mesh, and starts nothing. A daemon that is started on it later goes on as a member. */
import { belong } from './belong.ts'
import type { DaemonInit } from './daemon.ts'
import { openGround } from './ground.ts'

/** Throws what joining throws; see `belong`. */
export async function enrol({ token, signal, ...init }: DaemonInit): Promise<void> {
  const ground = await openGround(init, (error) => {
    throw error
  })
  try {
    await belong(ground, token, signal)
  } finally {
    await ground.addressBook.close()
  }
}

/** Lets one set-up at a time work on the tree: two that both run "npm ci" would delete each other's packages. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function take(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

/** Who holds the lock; 0 when it was given back meanwhile. */
function holder(path) {
  try {
    return Number(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT') return 0
    throw error
  }
}

/** Runs the work while holding the lock file, waiting for whoever has it; a lock whose holder died is taken over. */
export async function withLock(path, work, onWait) {
  mkdirSync(dirname(path), { recursive: true })
  for (let told = false; !take(path); await sleep(100)) {
    const pid = holder(path)
    if (pid > 0 && !isAlive(pid)) rmSync(path, { force: true })
    else if (pid > 0 && !told) {
      told = true
      onWait(pid)
    }
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}

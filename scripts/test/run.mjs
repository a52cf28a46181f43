/** Runs the parts of the test run, one at a time, each with a time limit, and leaves nothing behind when the run is interrupted. */
import { spawn } from 'node:child_process'

let current = null

/** Ends what is running now, with all it started. */
export function endCurrent(signal) {
  if (current !== null) process.kill(-current.pid, signal)
}

const wait = (child) =>
  new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(code ?? signal))
  })

/** Runs a program in a process group of its own and says whether it ended well and in time. Its output goes to the terminal. */
export async function runLimited(program, args, { cwd, env, limitMs }) {
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'], detached: true })
  const ended = wait(child)
  if (child.pid === undefined) return await ended
  current = child
  let isLate = false
  const late = setTimeout(() => {
    isLate = true
    endCurrent('SIGTERM')
  }, limitMs)
  const tooLate = setTimeout(() => endCurrent('SIGKILL'), limitMs + 10_000)
  try {
    const outcome = await ended
    if (isLate) console.log(`test: ${program} ${args.join(' ')} was stopped after ${Math.round(limitMs / 1000)} s`)
    return outcome === 0 && !isLate
  } finally {
    clearTimeout(late)
    clearTimeout(tooLate)
    current = null
  }
}

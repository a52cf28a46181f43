/** `npm start`: three peers on this machine, one mesh, one real workload. `npm stop` ends them. */
import { parseArgs } from 'node:util'
import { demonstrate } from './quickstart/demonstrate.ts'
import { stopPeers } from './quickstart/peer.ts'
import { quickstartDirectory } from './quickstart/place.ts'

const help = `Starts a mesh of three peers on this machine and runs a workload on it.

Usage:
  npm start                Start the mesh (or find it running), run the workload, leave the mesh up
  npm start -- --once      The same in a temporary folder, then stop and clean up; exit 0 only if all of it worked
  npm stop                 Stop the mesh that npm start left up

Options:
  --once        Clean up afterwards
  --stop        Stop the peers and exit
  --help        Print this and exit
`

const { values } = parseArgs({
  options: { once: { type: 'boolean' }, stop: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
})

if (values.help === true) process.stdout.write(help)
else if (values.stop === true) {
  const stopped = await stopPeers(quickstartDirectory())
  process.stdout.write(stopped === 0 ? 'No peers of the quickstart are running.\n' : `Stopped ${stopped} peers.\n`)
} else process.exitCode = await demonstrate({ once: values.once === true })

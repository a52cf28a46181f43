/** Where the quickstart keeps its peers. */
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Below the CLI's own default, so that `clawbernetes` finds the mesh without being told where it is. */
export const quickstartDirectory = (): string => join(homedir(), '.clawbernetes', 'quickstart')

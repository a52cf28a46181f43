/** A mesh of three hosts of the lab, each with a network of its own, all of which vote. */
import { LabHosts } from './lab-hosts.ts'
import { Mesh } from './mesh.ts'

export class LabMesh {
  readonly mesh = new Mesh()
  readonly hosts: LabHosts

  private constructor(hosts: LabHosts) {
    this.hosts = hosts
  }

  static async up(): Promise<LabMesh> {
    const lab = new LabMesh(await LabHosts.up(3))
    try {
      for (const host of [1, 2, 3]) await lab.mesh.add(`gpu-${host}`, { mdns: true, prefix: lab.hosts.on(host) })
      await lab.mesh.voters(3)
    } catch (error) {
      await lab.down()
      throw error
    }
    return lab
  }

  async down(): Promise<void> {
    await this.mesh.stop()
    await this.hosts.down()
  }
}

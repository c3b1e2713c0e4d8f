/* Browsers forbid workers to pages that are opened from a folder. There the search runs in a hidden frame instead. */
if (location.protocol === "file:") {
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      const frame = document.body.appendChild(document.createElement("iframe"));
      frame.hidden = true;
      this.inside = frame.contentWindow;
      this.inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data }));
      this.inside.importScripts = async (...scripts) => {
        for (const each of scripts) await this.load(each);
      };
      this.ready = this.load(url);
    }
    load(src) {
      return new Promise((done, failed) => {
        const page = this.inside.document;
        const script = Object.assign(page.createElement("script"), { src, onload: done, onerror: failed });
        page.body.appendChild(script);
      });
    }
    async postMessage(data) {
      await this.ready;
      this.inside.dispatchEvent(new MessageEvent("message", { data }));
    }
    terminate() {}
  };
}

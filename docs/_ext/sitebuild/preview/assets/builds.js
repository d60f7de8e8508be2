// Tells of the builds: a page is only connected while somebody can see it, because a browser opens six
// connections to a host, and more pages than that may wait for the same build.

/** Call `tell` with each state of the builds, and with null when the server is gone. */
export function followBuilds(tell) {
  let events = null;
  const follow = () => {
    if (document.hidden) {
      events?.close();
      events = null;
    } else if (events === null) {
      events = new EventSource("/live/events"); // connects again by itself
      events.onmessage = (event) => tell(JSON.parse(event.data));
      events.onerror = () => tell(null);
    }
  };
  document.addEventListener("visibilitychange", follow);
  follow();
}

export function Inbox() {
  return <main id="main" className="flex-1 bg-paper" />;
}

export default function MachinePage() {
  return <main className="page" id="main" />
}

// Filters the units that are shown. Without scripts all of them are there.
const find = document.getElementById('find');
if (find) {
  find.hidden = false;
  const box = find.querySelector('input'), count = find.querySelector('span');
  box.addEventListener('input', () => {
    const wanted = box.value.trim().toLowerCase();
    let found = 0;
    for (const group of document.querySelectorAll('details.units')) {
      const whole = group.querySelector('summary').textContent.toLowerCase().includes(wanted);
      let any = false;
      for (const unit of group.querySelectorAll('.unit')) {
        const hit = whole || unit.textContent.toLowerCase().includes(wanted);
        unit.hidden = !hit;
        if (hit) { any = true; found++; }
      }
      group.hidden = !any;
      if (wanted) group.open = any && !whole;
    }
    count.textContent = wanted ? found + ' units' : '';
  });
}

// Draws what the page's data block describes (plots.h) and writes into the page what came of it: on each figure
// data-drawn and data-points, on <html> data-plots, data-errors, data-fetched and data-overflow (pixels that the page is
// too wide). The tests read these.
'use strict';
(() => {
  const root = document.documentElement;
  const complain = (what) => {
    root.dataset.errors = `${root.dataset.errors ?? ''}${what}; `;
  };
  window.addEventListener('error', (event) => complain(event.message));
  document.addEventListener('securitypolicyviolation', (event) => complain(`blocked ${event.blockedURI}`));

  const data = JSON.parse(document.getElementById('data').textContent);
  const shapes = new Map(data.shapes.map((shape, i) => [shape.key, { ...shape, i, colour: data.colours[i] }]));
  const symbols = ['circle', 'triangle', 'rect', 'rectRot', 'cross'];
  const charts = [];

  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const colour = (shape) => css(`--shape-${shapes.get(shape).colour}`);
  const pale = (hex, share) => `${hex}${Math.round(share * 255).toString(16).padStart(2, '0')}`;
  const number = (value) => value.toLocaleString('en', { maximumSignificantDigits: 3 });
  const percent = (x) => `${Number((100 * (1 - 1 / x)).toPrecision(Math.max(2, Math.ceil(Math.log10(x)) + 1)))} %`;

  // From the lowest to the highest sample: a bar at a point, or a band along a line.
  const spread = {
    id: 'spread',
    beforeDatasetsDraw(chart) {
      if (!chart.plot.banded) return;
      eachVisible(chart, (dataset, elements, y) => {
        const { ctx } = chart;
        ctx.beginPath();
        const edge = (name) => elements.flatMap((element, i) => {
          const height = y(dataset.data[i][name]);
          const next = dataset.stepped && i + 1 < elements.length ? [[elements[i + 1].x, height]] : [];
          return [[element.x, height], ...next];
        });
        for (const [x, height] of [...edge('high'), ...edge('low').reverse()]) ctx.lineTo(x, height);
        ctx.closePath();
        ctx.fillStyle = pale(colour(dataset.shape), 0.18);
        ctx.fill();
      });
    },
    afterDatasetsDraw(chart) {
      if (chart.plot.banded) return;
      eachVisible(chart, (dataset, elements, y) => {
        const { ctx } = chart;
        ctx.strokeStyle = chart.plot.kind === 'bars' ? css('--text') : colour(dataset.shape);
        ctx.lineWidth = 1.5;
        elements.forEach((element, i) => {
          const { low, high } = dataset.data[i];
          if (!(high > low)) return;
          ctx.beginPath();
          for (const [x1, y1, x2, y2] of [[0, low, 0, high], [-4, low, 4, low], [-4, high, 4, high]]) {
            ctx.moveTo(element.x + x1, y(y1));
            ctx.lineTo(element.x + x2, y(y2));
          }
          ctx.stroke();
        });
      });
    },
  };
  const eachVisible = (chart, draw) => {
    const { top, bottom, left, right } = chart.chartArea;
    const margin = 8;  // of a mark at the edge
    const y = (value) => {
      const pixel = chart.scales.y.getPixelForValue(value);
      return Number.isFinite(pixel) ? pixel : bottom;
    };
    chart.ctx.save();
    chart.ctx.beginPath();
    chart.ctx.rect(left - margin, top - margin, right - left + 2 * margin, bottom - top + 2 * margin);
    chart.ctx.clip();
    chart.data.datasets.forEach((dataset, i) => {
      if (chart.isDatasetVisible(i)) draw(dataset, chart.getDatasetMeta(i).data, y);
    });
    chart.ctx.restore();
  };

  const killMark = {
    id: 'killMark',
    afterDatasetsDraw(chart) {
      if (chart.plot.kind !== 'timeline') return;
      const { ctx, chartArea } = chart;
      const x = chart.scales.x.getPixelForValue(0);
      ctx.save();
      ctx.strokeStyle = css('--alarm');
      ctx.fillStyle = css('--alarm');
      ctx.setLineDash([5, 4]);
      ctx.beginPath();
      ctx.moveTo(x, chartArea.top);
      ctx.lineTo(x, chartArea.bottom);
      ctx.stroke();
      ctx.font = `600 12px ${Chart.defaults.font.family}`;
      ctx.fillText('killed', x + 6, chartArea.top + 12);
      ctx.restore();
    },
  };

  const report = {
    id: 'report',
    afterDraw(chart) {
      const points = {};
      chart.data.datasets.forEach((dataset, i) => {
        const finite = chart.getDatasetMeta(i).data.filter((one) => Number.isFinite(one.x) && Number.isFinite(one.y));
        points[dataset.shape] = (points[dataset.shape] ?? 0) + finite.length;
      });
      chart.plot.figure.dataset.points = JSON.stringify(points);
      chart.plot.figure.dataset.drawn = 'yes';
    },
  };

  // All shapes at the place under the pointer, though they stand a hair apart.
  Chart.Interaction.modes.place = (chart, event, options, useFinalPosition) => {
    const nearest = Chart.Interaction.modes.nearest(chart, event, { axis: 'x', intersect: false }, useFinalPosition);
    if (nearest.length === 0) return nearest;
    const at = (item) => chart.data.datasets[item.datasetIndex].data[item.index].at;
    const place = at(nearest[0]);
    return chart.data.datasets.flatMap((dataset, datasetIndex) => {
      const index = dataset.data.findIndex((point) => point.at === place);
      if (index < 0 || !chart.isDatasetVisible(datasetIndex)) return [];
      return [{ element: chart.getDatasetMeta(datasetIndex).data[index], datasetIndex, index }];
    });
  };

  // Where a point is drawn; `at` keeps where it belongs.
  const placed = (plot, series) => {
    const { least, most } = plot.range;
    const aside = plot.kind === 'lines' ? (shapes.get(series.shape).i - (shapes.size - 1) / 2) * 0.012 : 0;
    const draw = (x) => {
      if (plot.kind === 'bars') return plot.groups[x];
      return plot.x.log ? x * (most / least) ** aside : x + (most - least) * aside;
    };
    return series.points.map((point) => ({ ...point, at: point.x, x: draw(point.x) }));
  };

  const dataset = (plot, series) => {
    const main = colour(series.shape);
    const second = series.part === 'second';
    const common = { shape: series.shape, label: series.label, second, data: placed(plot, series), borderColor: main };
    if (plot.kind === 'bars') {
      return {
        ...common,
        stack: series.shape,
        backgroundColor: second ? pale(main, 0.4) : main,
        borderWidth: 1,
        maxBarThickness: 44,
      };
    }
    return {
      ...common,
      backgroundColor: second ? css('--card') : main,
      borderWidth: 2,
      borderDash: second ? [6, 4] : [],
      pointStyle: symbols[shapes.get(series.shape).colour],
      pointRadius: plot.banded ? 0 : 5,
      stepped: plot.kind === 'timeline' ? 'before' : false,  // holds from the beginning of a bucket to its end
      clip: 8,
    };
  };

  const xScale = (plot) => {
    if (plot.kind === 'bars') return { type: 'category', labels: plot.groups, grid: { display: false } };
    const base = { title: { display: true, text: plot.x.title }, grid: { color: css('--grid') } };
    const { values, least, most } = plot.range;
    const scale = { ...base, type: plot.x.log ? 'logarithmic' : 'linear', min: least, max: most };
    if (plot.kind === 'percentiles') {
      const marks = [1, 2, 10, 100, 1000, 10000].filter((x) => x <= scale.max * 1.001);
      scale.afterBuildTicks = (axis) => {
        const narrow = axis.chart.width < 480;  // where 0 % and 50 % would touch
        axis.ticks = marks.filter((x) => !narrow || x !== 2).map((value) => ({ value }));
      };
      scale.ticks = { callback: percent, autoSkip: false, maxRotation: 0 };
    } else if (plot.kind === 'lines') {
      scale.afterBuildTicks = (axis) => { axis.ticks = values.map((value) => ({ value })); };
      scale.ticks = { callback: number, maxRotation: 0 };
      const margin = 0.03;  // for those who stand aside
      scale.min = plot.x.log ? least * (most / least) ** -margin : least - (most - least) * margin;
      scale.max = plot.x.log ? most * (most / least) ** margin : most + (most - least) * margin;
    } else {
      scale.ticks = { callback: number, maxRotation: 0 };
    }
    return scale;
  };

  const yScale = (plot) => {
    const scale = {
      type: plot.y.log ? 'logarithmic' : 'linear',
      title: { display: true, text: plot.y.title },
      grid: { color: css('--grid') },
    };
    const points = plot.series.flatMap((one) => one.points);
    const highest = Math.max(...points.map((point) => point.high));
    if (!plot.y.log) {
      return { ...scale, min: 0, suggestedMax: highest * 1.04, stacked: plot.kind === 'bars', ticks: { callback: number } };
    }
    const min = Math.min(...points.map((point) => (point.low > 0 ? point.low : point.y))) / 1.15;
    const max = highest * 1.15;
    const ticks = [];
    const digits = Math.log10(max / min) > 3.2 ? [1] : [1, 2, 5];
    for (let decade = 10 ** Math.floor(Math.log10(min)); decade <= max; decade *= 10)
      ticks.push(...digits.map((digit) => digit * decade).filter((value) => value >= min && value <= max));
    scale.afterBuildTicks = (axis) => { axis.ticks = ticks.map((value) => ({ value })); };
    return { ...scale, min, max, ticks: { callback: number, autoSkip: false } };
  };

  const tooltipTitle = (plot) => (items) => {
    if (items.length === 0) return '';
    const { at } = items[0].raw;
    if (plot.kind === 'bars') return plot.groups[at];
    if (plot.kind === 'percentiles') return percent(at);
    if (plot.kind === 'timeline') return `${number(at)} ms after the kill`;
    return `${number(at)} ${plot.x.title}`;
  };

  const draw = (plot) => {
    const { figure } = plot;
    const values = [...new Set(plot.series.flatMap((one) => one.points.map((point) => point.x)))].sort((a, b) => a - b);
    plot.range = { values, least: values[0], most: values.at(-1) };
    plot.banded = plot.kind === 'percentiles' || plot.kind === 'timeline';
    const config = {
      type: plot.kind === 'bars' ? 'bar' : 'line',
      data: { datasets: plot.series.map((series) => dataset(plot, series)) },
      plugins: [{ id: 'owner', beforeInit: (chart) => { chart.plot = plot; } }, spread, killMark, report],
      options: {
        animation: false,
        maintainAspectRatio: false,
        interaction: { mode: 'place' },
        layout: { padding: { right: 8 } },
        scales: { x: xScale(plot), y: yScale(plot) },
        plugins: {
          legend: {
            labels: {
              usePointStyle: true,
              boxWidth: 9,
              boxHeight: 9,
              padding: 14,
              filter: (item, chartData) => !chartData.datasets[item.datasetIndex].second,
              generateLabels: (chart) => Chart.defaults.plugins.legend.labels.generateLabels(chart).map((item) => {
                const { shape } = chart.data.datasets[item.datasetIndex];
                return { ...item, text: shapes.get(shape).title, lineDash: [] };
              }),
            },
            onClick: (_, item, legend) => {
              const { chart } = legend;
              const { shape } = chart.data.datasets[item.datasetIndex];
              const show = !chart.isDatasetVisible(item.datasetIndex);
              chart.data.datasets.forEach((one, i) => {
                if (one.shape === shape) chart.setDatasetVisibility(i, show);
              });
              chart.update();
            },
          },
          tooltip: {
            callbacks: {
              title: tooltipTitle(plot),
              label: (item) => `${item.dataset.label}: ${item.raw.text}`,
            },
          },
        },
      },
    };
    charts.push(new Chart(figure.querySelector('canvas'), config));
  };

  const drawAll = () => {
    while (charts.length > 0) charts.pop().destroy();
    Chart.defaults.color = css('--quiet');
    Chart.defaults.borderColor = css('--line');
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    for (const plot of data.plots) {
      plot.figure = document.getElementById(plot.id);
      try {
        draw(plot);
      } catch (error) {
        complain(`${plot.id}: ${error.message}`);
      }
    }
    root.dataset.plots = String(charts.length);
    root.dataset.overflow = String(root.scrollWidth - root.clientWidth);
    root.dataset.fetched = String(performance.getEntriesByType('resource').length);
  };

  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
  // Paper is white, whatever the screen is.
  window.addEventListener('beforeprint', () => {
    root.dataset.theme = 'light';
    drawAll();
  });
  window.addEventListener('afterprint', () => {
    delete root.dataset.theme;
    drawAll();
  });
  drawAll();
})();

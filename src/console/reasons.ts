const zh = {
  daylight: '非照明时段',
  maintenance: '维护中',
  'lamp-plan': '按方案不亮',
  'off-schedule': '未按时间表开关灯',
  transition: '开关灯过渡期',
  coverage: '上报不足',
  'small-road': '小路按灭灯数判定',
  'keeps-firing': '已恢复，观察期内',
};

const en: typeof zh = {
  daylight: 'daylight',
  maintenance: 'maintenance',
  'lamp-plan': 'off by the lamp plan',
  'off-schedule': 'not switched as published',
  transition: 'lamps being switched',
  coverage: 'too few reports',
  'small-road': 'small road, by lamps out',
  'keeps-firing': 'over, not yet for long enough',
};

/** Why something has its verdict, as the API names it. */
export const REASONS = { zh, en };
